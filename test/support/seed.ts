// Property tests draw the same cases in every run, so that CI is no lottery; FAST_CHECK_SEED draws others ("random": new ones).
import fc from "fast-check";

const { FAST_CHECK_SEED: wanted = "20261122" } = process.env;
const seed = wanted === "random" ? Date.now() % 2 ** 31 : Number(wanted);
if (!Number.isSafeInteger(seed)) throw new Error(`FAST_CHECK_SEED is no whole number: ${wanted}`);
fc.configureGlobal({ seed });
