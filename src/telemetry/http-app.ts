// Decides what every answer of our HTTP listeners has in common: nothing is cached, guessed or told of a bug.
import { Hono } from "hono";

/** An empty application. What a handler throws is a bug: it goes to `onBug`, the caller gets a bare 500. */
export function bareApp(onBug: (error: unknown) => void): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    c.header("Cache-Control", "no-store");
    c.header("X-Content-Type-Options", "nosniff");
  });
  app.notFound((c) => c.json({ error: "There is nothing here." }, 404));
  app.onError((error, c) => {
    onBug(error);
    return c.json({ error: "This is a bug of Bindery; its log says more." }, 500);
  });
  return app;
}
