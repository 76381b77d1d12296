// Decides what `sandbox` and `demo` say where the embedded Azure has been left out, as in a container image.
import { CliError, exitCodes } from "./errors.ts";

const sandbox = new URL("../sandbox/", import.meta.url).href;

/** Loads a command that needs the embedded Azure; throws a `CliError` where that has been left out. */
export async function withSandbox<C>(load: () => Promise<C>): Promise<C> {
  try {
    return await load();
  } catch (error) {
    if (!isLeftOut(error)) throw error;
    throw new CliError(
      exitCodes.failed,
      "The embedded Azure is not in this image.",
      "Use the npm package or a clone: docs/install.md says how to get them.",
    );
  }
}

/** Node names the file that it missed. If that is another one, the installation is broken, which is not for us to say. */
function isLeftOut(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error && "url" in error)) return false;
  return error.code === "ERR_MODULE_NOT_FOUND" && String(error.url).startsWith(sandbox);
}
