// How the admin endpoint refuses, and how it reads bodies.
import { z } from "zod";

/** Thrown for an admin request that cannot be carried out; becomes `{"error": message}`. */
export class AdminRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "AdminRefusal";
    this.status = status;
  }
}

/** The body by a schema, or a refusal that names every mistake. */
export function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new AdminRefusal(400, z.prettifyError(result.error));
}
