/** One running mesh on this machine, as every client finds it. */
export interface SessionInfo {
  /** Differs for every start of a mesh. */
  readonly id: string;
  /** Absolute real path of the project folder. */
  readonly directory: string;
  /** The session folder: sockets and logs. */
  readonly folder: string;
  /** The control API's Unix socket. */
  readonly socket: string;
  /** The daemon. */
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
}
