/** How does a page ask the server? A resident's never with cookies, and none through a cache. */

import type { Bytes } from "../wb1/bytes";
import { at } from "./page";

/** The server said no; `code` is its word for it. */
export class Said extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly body: Record<string, unknown>,
    readonly retryAfter: number,
  ) {
    super(`${status} ${code}`);
  }
}

/** Nobody answered: no network, or no server. */
export class Away extends Error {}

export interface Asked {
  token?: string;
  /** Of a worker's session: then, and only then, its cookie goes along. */
  csrf?: string;
  json?: unknown;
  bytes?: Bytes;
  seconds?: number;
  signal?: AbortSignal;
}

const DEFAULT_SECONDS = 30;

async function fetched(method: string, path: string, asked: Asked): Promise<Response> {
  const headers: Record<string, string> = {};
  if (asked.token) headers.Authorization = `Bearer ${asked.token}`;
  if (asked.csrf) headers["X-WB-CSRF"] = asked.csrf;
  const credentials = asked.csrf === undefined ? "omit" : "same-origin";
  const options: RequestInit = { method, headers, credentials, cache: "no-store" };
  if (asked.bytes) {
    headers["Content-Type"] = "application/octet-stream";
    options.body = asked.bytes;
  } else if (asked.json !== undefined) {
    headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(asked.json);
  }
  const limit = AbortSignal.timeout((asked.seconds ?? DEFAULT_SECONDS) * 1000);
  options.signal = asked.signal ? anyOf(limit, asked.signal) : limit;
  try {
    return await fetch(at(path), { ...options, redirect: "error", referrerPolicy: "no-referrer" });
  } catch {
    throw new Away();
  }
}

function anyOf(...signals: AbortSignal[]): AbortSignal {
  const both = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) both.abort();
    signal.addEventListener("abort", () => both.abort(), { once: true });
  }
  return both.signal;
}

async function refusal(answer: Response): Promise<Said> {
  let body: Record<string, unknown> = {};
  try {
    body = (await answer.json()) as Record<string, unknown>;
  } catch {
    body = {};
  }
  const wait = Number(answer.headers.get("Retry-After"));
  return new Said(answer.status, String(body.error ?? ""), body, Number.isFinite(wait) ? wait : 0);
}

/** The JSON of the answer, null when it has no body. Raises Said or Away. */
export async function call<T>(method: string, path: string, asked: Asked = {}): Promise<T> {
  const answer = await fetched(method, path, asked);
  if (!answer.ok) throw await refusal(answer);
  try {
    const body = await answer.text();
    return (body === "" ? null : JSON.parse(body)) as T;
  } catch {
    throw new Away();
  }
}

/** The bytes of the answer, at most so many. Raises Said or Away. */
export async function callBytes(path: string, asked: Asked, most: number): Promise<Bytes> {
  const answer = await fetched("GET", path, asked);
  if (!answer.ok) throw await refusal(answer);
  if (Number(answer.headers.get("Content-Length")) > most) throw new Away();
  try {
    return new Uint8Array(await answer.arrayBuffer());
  } catch {
    throw new Away();
  }
}
