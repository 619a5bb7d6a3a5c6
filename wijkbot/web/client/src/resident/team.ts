/** Who may read what is written here now? The config of the server, checked against the pin. */

import { b64, type Bytes, unb64 } from "../wb1/bytes";
import { acceptManifest, type Given, type Manifest } from "../wb1/manifest";
import { call } from "./api";
import { now } from "./page";

export type Presence = "open" | "busy" | "closed";

export interface Config extends Given {
  site_salt: string;
  organisation: string;
  presence: Presence;
  opens_at: number | null;
  waiting: number;
  is_full: boolean;
  pow: { challenge: string; bits: number } | null;
  keeps: { closed_days: number; silent_days: number; max_days: number };
}

/** The config and the team it proves. */
export interface Team {
  config: Config;
  salt: Bytes;
  manifest: Manifest;
}

export type RememberedJson = { version: number; hash: string } | null;

export async function readTeam(pin: string, before: RememberedJson): Promise<Team> {
  const config = await call<Config>("GET", "/api/c/config");
  const manifest = await acceptGiven(config, pin, before);
  return { config, manifest, salt: unb64(config.site_salt, 16) };
}

export async function acceptGiven(
  given: Given,
  pin: string,
  before: RememberedJson,
): Promise<Manifest> {
  const remembered = before && { version: before.version, hash: unb64(before.hash, 32) };
  return acceptManifest(given, unb64(pin, 32), now(), remembered);
}

export function remember(manifest: Manifest): { version: number; hash: string } {
  return { version: manifest.version, hash: b64(manifest.hash) };
}
