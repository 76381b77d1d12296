// A process of its own for a soak: plain Node, whose memory is nobody else's.
import { type Soaked, type SoakOrder, soak } from "./soak.ts";

/** What it answers. */
export type SoakAnswer = { readonly soaked: Soaked } | { readonly bug: string };

process.once("message", (order: SoakOrder) => {
  void answerTo(order).then((answer) => process.send?.(answer, () => process.disconnect()));
});

async function answerTo(order: SoakOrder): Promise<SoakAnswer> {
  try {
    return { soaked: await soak(order) };
  } catch (error) {
    return { bug: error instanceof Error ? String(error.stack) : String(error) };
  }
}
