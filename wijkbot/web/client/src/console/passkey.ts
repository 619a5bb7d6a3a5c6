/** How does a passkey answer the server? Its options and its answer travel as JSON. */

import { b64, unb64 } from "../wb1/bytes";
import type { MemberKeys } from "../wb1/member";
import { Refused } from "../wb1/refused";
import { post } from "./line";

interface Named {
  id: string;
  type: "public-key";
  transports?: AuthenticatorTransport[];
}

interface Asking {
  challenge: string;
  rpId?: string;
  timeout?: number;
  userVerification?: UserVerificationRequirement;
  allowCredentials?: Named[];
}

interface Making {
  challenge: string;
  rp: PublicKeyCredentialRpEntity;
  user: { id: string; name: string; displayName: string };
  pubKeyCredParams: PublicKeyCredentialParameters[];
  timeout?: number;
  attestation?: AttestationConveyancePreference;
  authenticatorSelection?: AuthenticatorSelectionCriteria;
  excludeCredentials?: Named[];
}

export const hasPasskeys = (): boolean => typeof PublicKeyCredential === "function";

const named = (list: Named[] = []): PublicKeyCredentialDescriptor[] => {
  return list.map((one) => ({ ...one, id: unb64(one.id) }));
};

const raw = (buffer: ArrayBuffer): string => b64(new Uint8Array(buffer));

/** Ask the browser; Refused when nobody answers, or no. */
async function answered(asked: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  const found = await asked().catch(() => null);
  if (!(found instanceof PublicKeyCredential)) throw new Refused("keys", "passkey");
  return found;
}

function told(found: PublicKeyCredential, response: Record<string, string>): object {
  const clientDataJSON = raw(found.response.clientDataJSON);
  const fixed = { id: found.id, rawId: raw(found.rawId), type: found.type };
  return { ...fixed, response: { clientDataJSON, ...response } };
}

/** The answer to the options of coming in. Raises Said, Away, Refused. */
export async function showPasskey(name: string, keys: MemberKeys): Promise<object> {
  const json = { name, login: b64(keys.login) };
  const options = await post<Asking>("passkey/options", json);
  const { challenge, allowCredentials, ...rest } = options;
  const publicKey: PublicKeyCredentialRequestOptions = {
    ...rest,
    challenge: unb64(challenge),
    allowCredentials: named(allowCredentials),
  };
  const found = await answered(() => navigator.credentials.get({ publicKey }));
  const response = found.response as AuthenticatorAssertionResponse;
  return told(found, {
    authenticatorData: raw(response.authenticatorData),
    signature: raw(response.signature),
  });
}

/** The answer to the options of a new one. Raises Refused. */
export async function makePasskey(options: Making): Promise<object> {
  const { challenge, user, excludeCredentials, ...rest } = options;
  const publicKey: PublicKeyCredentialCreationOptions = {
    ...rest,
    challenge: unb64(challenge),
    user: { ...user, id: unb64(user.id) },
    excludeCredentials: named(excludeCredentials),
  };
  const found = await answered(() => navigator.credentials.create({ publicKey }));
  const response = found.response as AuthenticatorAttestationResponse;
  return told(found, { attestationObject: raw(response.attestationObject) });
}

export type { Making };
