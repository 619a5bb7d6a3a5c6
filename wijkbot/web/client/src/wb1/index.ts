/**
 * wb1: the protocol of docs/wb1.md, for browsers and for Node. No DOM in here.
 *
 * Everything that fails throws `Refused`, whose `code` says why. `Bytes` are Uint8Arrays; what
 * ends in `json`, or is returned by make…/seal… as an object, goes over the line as it is.
 *
 * bytes     lp unlp b64 unb64 utf8 text concat equal compare u32 u64 random RESIDENT RECOVERY NO_HASH
 * keys      makePair("kem"|"sig") → {publicKey, privateKey, jwk}; importPrivate; sign verify
 *           hkdf pbkdf2 sha256 seal open checkPublic
 * hpke      wrap unwrap
 * pad       pad unpad
 * manifest  acceptManifest(given, pin, now, before) acceptEarlier(given, pin) checkSameKeys
 *           readManifest readCert memberOf readersOf makeManifest makeCert
 * wrapset   newEpochKey startAudience makeWrapset readWrapset checkWrapsets(values, known) → epochs
 *           openEpoch(epoch, conv, me, pair) openWrap mayEncrypt(epoch, current) commitOf
 * envelope  makeEnvelope(plan, key, body) → {json, hash}; readEnvelope openEnvelope sealDraft
 *           openDraft readBody
 * chain     Chain(keyring): takeAll(rows) settle() last(by) seen(me) received lastSeq;
 *           problems: forged gap fork cut locked
 * code      WordList (of, word, find, read, isIn) draw codeKeys rootKek indicesBytes normalise
 * bundle    sealBundle sealJwks openBundle checkKdf MEMBER_KDF
 * photo     sealPhoto openPhoto checkPixels bare LONGEST_SIDE BLOB_LIMIT
 * member    memberKeys(password, salt) → {kek, login}   (Argon2id: import it only where needed)
 * work      work(challenge, conv, bits) → nonce; isEnough
 *
 * A page loads its script with integrity and crossorigin="anonymous": Integrity-Policy blocks it
 * without the latter.
 */

export * from "./bundle";
export * from "./bytes";
export * from "./chain";
export * from "./code";
export * from "./envelope";
export * from "./hpke";
export * from "./keys";
export * from "./manifest";
export * from "./member";
export * from "./pad";
export * from "./photo";
export * from "./refused";
export * from "./work";
export * from "./wrapset";
