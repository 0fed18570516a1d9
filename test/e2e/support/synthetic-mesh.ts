import { openApi, type ApiBackend } from "../../../runtime/control/api.ts";
import { openSession } from "../../../runtime/host/session.ts";
import { currentUser } from "../../../runtime/host/session-folder.ts";
import { meshState } from "../../cli/support/synthetic.ts";

/** A mesh that does not exist: the session of a project and the control socket of a daemon; behind it is what `subscribe` sends. */
export interface SyntheticMesh extends AsyncDisposable {
  /** The control socket. */
  readonly control: string;
}

/** Close it before its project, which would ask this process to stop. */
export async function openSyntheticMesh(
  project: { readonly directory: string; readonly env: NodeJS.ProcessEnv },
  subscribe: ApiBackend["subscribe"],
): Promise<SyntheticMesh> {
  const opened = openSession(project.directory, currentUser(project.env), project.env);
  if (opened.kind === "running") throw new Error("a mesh runs here already");
  const { control } = opened.session.paths;
  const api = await openApi(control, {
    state: () => meshState(),
    subscribe,
    event: () => Promise.resolve(undefined),
    flips: () => Promise.resolve({ ok: false, message: "nothing is kept here", problems: [] }),
    snapshot: () => undefined,
    command: () => Promise.resolve({ ok: true }),
    own: () => () => undefined,
    onError: (error) => {
      process.stderr.write(`${String(error)}\n`);
    },
  });
  return {
    control,
    [Symbol.asyncDispose]: async () => {
      opened.session.remove();
      await api.close();
    },
  };
}
