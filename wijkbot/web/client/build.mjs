// How do the pages of the secure chat get their files? `node build.mjs [folder]`.
//
// The same sources give the same bytes: versions come from package-lock.json, nothing of the
// machine or the moment goes in. Every file carries its own hash in its name; `built.json` beside
// them says which file a page loads, and with which integrity.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = resolve(process.argv[2] ?? join(HERE, "..", "static"));
const WORDS = join(HERE, "..", "..", "securechat", "words");
const LIBRARIES = ["@hpke/common", "@hpke/core", "@noble/hashes"];
const PAGES = [
  { name: "c", entry: "src/resident/main.ts", words: true },
  { name: "werk", entry: "src/console/main.ts", words: true },
];

const integrity = (bytes) => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
const short = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 12);

async function bundle(entry) {
  const made = await build({
    entryPoints: [join(HERE, entry)],
    absWorkingDir: HERE,
    bundle: true,
    minify: true,
    write: false,
    outdir: "out",
    format: "iife",
    charset: "utf8",
    legalComments: "none",
    banner: { js: "/* wijkbot, Apache-2.0; with libraries under MIT: see licences.txt */" },
    target: ["chrome120", "firefox120", "safari17.2"],
    logLevel: "error",
  });
  return made.outputFiles.map((file) => [file.path.endsWith(".css") ? "css" : "js", file.contents]);
}

function put(folder, name, kind, bytes) {
  const file = `${name}-${short(bytes)}.${kind}`;
  writeFileSync(join(OUT, folder, file), bytes);
  return { href: `/static/${folder}/${file}`, integrity: integrity(bytes) };
}

function licences() {
  const texts = LIBRARIES.map((name) => {
    const text = readFileSync(join(HERE, "node_modules", name, "LICENSE"), "utf8");
    return `${name}\n\n${text.trim()}\n`;
  });
  return texts.join("\n");
}

async function buildPage({ name, entry, words }) {
  const folder = join(OUT, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const page = { styles: [] };
  for (const [kind, bytes] of await bundle(entry)) {
    const { href, integrity: hash } = put(name, "page", kind, bytes);
    if (kind === "css") page.styles.push({ href, integrity: hash });
    else Object.assign(page, { script: href, integrity: hash });
  }
  const icon = put(name, "icon", "svg", readFileSync(join(HERE, "src", "icon.svg")));
  const built = { [name]: { ...page, icon: icon.href } };
  if (words && existsSync(WORDS)) {
    const lists = readdirSync(WORDS).filter((file) => /^[a-z]{2}\.txt$/.test(file)).sort();
    built.words = Object.fromEntries(
      lists.map((file) => {
        const language = file.slice(0, -4);
        return [language, put(name, `words-${language}`, "txt", readFileSync(join(WORDS, file)))];
      }),
    );
  }
  writeFileSync(join(folder, "licences.txt"), licences());
  writeFileSync(join(folder, "built.json"), `${JSON.stringify(built, null, 2)}\n`);
}

for (const page of PAGES) if (existsSync(join(HERE, page.entry))) await buildPage(page);
