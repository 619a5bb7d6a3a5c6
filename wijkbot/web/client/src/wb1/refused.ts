/** How does the protocol say no? With one error that carries a code, never with a half answer. */

export type Reason =
  | "shape"
  | "signature"
  | "point"
  | "open"
  | "pad"
  | "pin"
  | "cert"
  | "manifest"
  | "keys"
  | "ghost"
  | "stranger"
  | "commit"
  | "wrapset"
  | "epoch"
  | "kdf"
  | "code"
  | "photo"
  | "size";

/** What came is not what the protocol allows; `code` says in which respect. */
export class Refused extends Error {
  constructor(
    readonly code: Reason,
    readonly detail: string = code,
  ) {
    super(`${code}: ${detail}`);
    this.name = "Refused";
  }
}
