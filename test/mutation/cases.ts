// How many cases of a property judge one mutant.
export const casesPerProperty = 20;
