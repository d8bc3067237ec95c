// The directories that the client offers as its workspace: asked for when it says that
// it has some, and the only ones then that a consult may name. A client that does not
// answer offers none, so that it stalls nothing.

import { fileURLToPath } from "node:url";
import { z } from "zod";
import { liesInside, resolveDirectory } from "../consult/directories.ts";
import { type Clock, sleep } from "../sys/clock.ts";

export interface ClientRootsOptions {
  /** Where the host was started. */
  readonly baseDirectory: string;
  /** The user's own list goes before the client's, which is not even asked for then. */
  readonly isOverruled: boolean;
  readonly clock: Clock;
  /** What the client offered to the image before. */
  readonly earlier?: readonly string[] | undefined;
}

export interface ClientRoots {
  /** The client has roots, or other ones than before; `list` asks for them. */
  readonly ask: (list: () => Promise<RootList>) => void;
  /** Why a consult may not be held in this directory, undefined where it may. */
  readonly problemWith: (
    cwd: string | undefined,
  ) => Promise<string | undefined>;
  /** What the client offers, as far as is known. */
  readonly offered: () => string[];
}

export const rootListSchema = z.object({
  roots: z.array(z.object({ uri: z.string() })),
});
export type RootList = z.infer<typeof rootListSchema>;

/** How long a consult waits for an answer that is on its way. */
const patienceMs = 2000;

export function createClientRoots(options: ClientRootsOptions): ClientRoots {
  const { baseDirectory, clock } = options;
  let roots = options.earlier ?? [];
  let asked = 0;
  /** Number of the question whose answer holds. */
  let answered = 0;
  let known = Promise.resolve();

  return {
    offered: () => [...roots],
    ask: (list) => {
      if (options.isOverruled) return;
      asked += 1;
      const number = asked;
      const over = new AbortController();
      // What it offered before holds where it does not say otherwise.
      list()
        .then(
          (answer) => {
            if (number < answered) return;
            answered = number;
            roots = directoriesOf(answer);
          },
          () => {},
        )
        .finally(() => over.abort());
      known = sleep(clock, patienceMs, over.signal);
    },
    problemWith: async (cwd) => {
      await known;
      if (roots.length === 0) return undefined;
      const directory = await resolveDirectory(cwd, baseDirectory);
      // One that cannot be used at all is refused for that, by the worker.
      if (!directory.ok) return undefined;
      const { path } = directory;
      // The user chose it for this server; what is below it he did not choose.
      const own = await resolveDirectory(undefined, baseDirectory);
      if (own.ok && own.path === path) return undefined;
      if (await liesInside(path, roots)) return undefined;
      return `cwd ${path} lies outside the roots of this client (${roots.join(", ")}): name a directory inside, or set PHONE_OPUS_ALLOWED_ROOTS, which goes before them.`;
    },
  };
}

/** Those on this machine's disk: a client may also offer what only it can reach. */
function directoriesOf({ roots }: RootList): string[] {
  return roots.flatMap(({ uri }) => {
    try {
      return [fileURLToPath(uri)];
    } catch {
      return [];
    }
  });
}
