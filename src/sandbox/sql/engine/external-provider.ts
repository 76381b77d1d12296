// Whom CREATE USER … FROM EXTERNAL PROVIDER means: the server asks Microsoft Entra, if it may.
import { sqlErrors } from "../sql-error.ts";
import { guidToBytes, isGuidText } from "../wire/guid-bytes.ts";
import type { NewPrincipal } from "./catalog.ts";
import type { Database, Directory, ExternalPrincipal } from "./database.ts";

/** The application of this object id, or else of this name. Throws SqlError where Entra gives nobody, or not one alone. */
export function foundInEntra(
  { context }: Database,
  name: string,
  objectId: string | undefined,
): Pick<NewPrincipal, "type" | "sid"> {
  const { directory, isEntra, openTransactions, switches } = context;
  if (openTransactions > 0 && switches.externalUserInTransaction === "refused") {
    throw sqlErrors.notInTransaction("CREATE USER");
  }
  if (!isEntra) throw sqlErrors.notEntraConnection(name);
  if (directory === undefined) {
    throw switches.directoryRefusal === "33134"
      ? sqlErrors.notResolved(name)
      : sqlErrors.cannot("find", "user", name);
  }
  const [found, ...more] = asked(directory, name, objectId);
  if (more.length > 0) throw sqlErrors.duplicateName(name);
  if (found !== undefined) return { type: switches.applicationType, sid: guidToBytes(found.clientId) };
  if (switches.unknownPrincipal === "33134") throw sqlErrors.unknownToEntra(name, objectId ?? name);
  throw objectId === undefined ? sqlErrors.notFound(name) : sqlErrors.notObjectId(objectId, name);
}

function asked(
  directory: Directory,
  name: string,
  objectId: string | undefined,
): readonly ExternalPrincipal[] {
  if (objectId === undefined) return directory.byDisplayName(name);
  const found = isGuidText(objectId) ? directory.byObjectId(objectId) : undefined;
  return found === undefined ? [] : [found];
}
