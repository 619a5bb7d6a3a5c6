/** How does a picture get small and clean, and how is one shown? Only drawn pixels travel. */

import { b64, type Bytes, random, unb64 } from "../wb1/bytes";
import type { PhotoBody } from "../wb1/envelope";
import { bare, BLOB_LIMIT, checkPixels, LONGEST_SIDE, openPhoto, sealPhoto } from "../wb1/photo";
import { Refused } from "../wb1/refused";
import { call, callBytes } from "./api";

const FILE_LIMIT = 40 * 1024 * 1024;
const QUALITY = 0.8;

/** The picture drawn anew as a JPEG; Refused when it is no picture. */
async function redrawn(file: File): Promise<{ jpeg: Bytes; w: number; h: number }> {
  if (file.size > FILE_LIMIT || file.type === "image/svg+xml") throw new Refused("photo", "file");
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Refused("photo", "file");
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  if (!pen) throw new Refused("photo", "canvas");
  // What is see-through would become black in a JPEG.
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const made = await new Promise<Blob | null>((done) => {
    canvas.toBlob(done, "image/jpeg", QUALITY);
  });
  if (!made) throw new Refused("photo", "canvas");
  const jpeg = bare(new Uint8Array(await made.arrayBuffer()));
  return { jpeg, w: canvas.width, h: canvas.height };
}

/** Where sealed pictures are kept: they are told apart by an id, in base64url. */
export interface Blobs {
  put(id: string, blob: Bytes): Promise<unknown>;
  get(id: string, most: number): Promise<Bytes>;
}

/** Those of a resident's conversation. */
export function blobsOf(token: string): Blobs {
  const path = (id: string): string => `/api/c/blobs/${id}`;
  return {
    put: (id, bytes) => call("PUT", path(id), { token, bytes, seconds: 120 }),
    get: (id, most) => callBytes(path(id), { token }, most),
  };
}

/** A picture drawn anew and sealed, and the message that names it. */
export async function sealed(file: File, conv: Bytes): Promise<{ body: PhotoBody; blob: Bytes }> {
  const { jpeg, w, h } = await redrawn(file);
  const id = random(16);
  const { key, blob, hash } = await sealPhoto(conv, id, jpeg);
  return { body: { k: "photo", blob: b64(id), key: b64(key), hash: b64(hash), w, h }, blob };
}

/** Bring a picture to the server, sealed; the message that names it is sent after this. */
export async function upload(file: File, conv: Bytes, blobs: Blobs): Promise<PhotoBody> {
  const { body, blob } = await sealed(file, conv);
  await blobs.put(body.blob, blob);
  return body;
}

/** An address of the picture inside this page; Refused or an API error when it cannot be. */
export async function pictureOf(body: PhotoBody, conv: Bytes, blobs: Blobs): Promise<string> {
  const blob = await blobs.get(body.blob, BLOB_LIMIT);
  const sealed = { key: unb64(body.key, 32), hash: unb64(body.hash, 32), blob };
  const jpeg = await openPhoto(conv, unb64(body.blob, 16), sealed);
  checkPixels(jpeg);
  const file = new Blob([jpeg], { type: "image/jpeg" });
  const decoded = await createImageBitmap(file).catch(() => null);
  if (!decoded || Math.max(decoded.width, decoded.height) > LONGEST_SIDE) {
    throw new Refused("photo", "pixels");
  }
  decoded.close();
  return URL.createObjectURL(file);
}
