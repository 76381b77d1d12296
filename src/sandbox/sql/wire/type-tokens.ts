// The numbers of the types on the wire (MS-TDS 2.2.5.4).

/** The types that are sent or taken; what is not here is refused. */
export const typeTokens = {
  null: 0x1f,
  int1: 0x30,
  bit: 0x32,
  int2: 0x34,
  int4: 0x38,
  int8: 0x7f,
  guid: 0x24,
  intn: 0x26,
  variant: 0x62,
  bitn: 0x68,
  floatn: 0x6d,
  datetimen: 0x6f,
  varbinary: 0xa5,
  varchar: 0xa7,
  binary: 0xad,
  char: 0xaf,
  nvarchar: 0xe7,
  nchar: 0xef,
} as const;
