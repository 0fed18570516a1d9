import { generationWords } from "../print/event-line.ts";
import type { Feed } from "./feed.ts";

/** Whoever saved a file looks for what came of it: that is said once it is known, in words that are right at that moment. */
export function whenReloaded(feed: Feed, before: number, prefix: string, say: (text: string) => void): () => void {
  const rejectedBefore = feed.generations.end();
  const look = (): void => {
    const state = feed.state();
    if (state === undefined) return;
    const { generation } = state;
    if (generation.number > before && generation.waiting.length === 0 && generation.live === generation.total) {
      unsubscribe();
      say(`${prefix}${generationWords(generation)}`);
      return;
    }
    for (let number = rejectedBefore; number < feed.generations.end(); number++) {
      if (feed.generations.get(number)?.type !== "mesh.rejected") continue;
      unsubscribe();
      say(`${prefix}it is not valid: 6 shows why; still running generation ${generation.number}`);
      return;
    }
  };
  const unsubscribe = feed.subscribe(look);
  look();
  return unsubscribe;
}
