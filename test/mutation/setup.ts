// Property tests judge mutants by a few cases: thousands of mutants would otherwise wait for hundreds of cases each.
import fc from "fast-check";
import { casesPerProperty } from "./cases.ts";

fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: casesPerProperty });
