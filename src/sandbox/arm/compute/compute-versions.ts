// Which api-versions the embedded Compute takes, and how Compute writes an instant.

/** Versions that the CLI, Terraform and the SDKs of the last years send for machines and scale sets. */
export const computeVersions: readonly string[] = [
  "2015-06-15",
  "2016-03-30",
  "2016-04-30-preview",
  "2017-03-30",
  "2017-12-01",
  "2018-04-01",
  "2018-06-01",
  "2018-10-01",
  "2019-03-01",
  "2019-07-01",
  "2019-12-01",
  "2020-06-01",
  "2020-12-01",
  "2021-03-01",
  "2021-04-01",
  "2021-07-01",
  "2021-11-01",
  "2022-03-01",
  "2022-08-01",
  "2022-11-01",
  "2023-03-01",
  "2023-07-01",
  "2023-09-01",
  "2024-03-01",
  "2024-07-01",
  "2024-11-01",
  "2025-04-01",
  "2025-11-01",
  "2026-04-01",
];

/** "2026-01-12T04:07:13.415924+00:00": up to seven decimals, without the zeros at their end. */
export function computeTime(instantInMs: number): string {
  const ticks = Math.round((instantInMs % 1000) * 10_000);
  const fraction = String(Math.min(ticks, 9_999_999)).padStart(7, "0").replace(/0+$/, "");
  const seconds = new Date(instantInMs).toISOString().slice(0, 19);
  return `${seconds}${fraction === "" ? "" : `.${fraction}`}+00:00`;
}
