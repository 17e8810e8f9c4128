// Node.js: the built-in fetch with FormData and Blob, as in a browser.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const api = process.env.CDN_URL + "/api/v4";
const headers = { Authorization: `Bearer ${process.env.CDN_KEY}` };
const path = process.argv[2];
const bytes = await readFile(path);

const form = new FormData();
form.append("file", new Blob([bytes]), basename(path));
let answer = await fetch(api + "/upload", { method: "POST", headers, body: form });
assert.equal(answer.status, 201);
const file = await answer.json();
assert.equal(file.filename, basename(path));
assert.equal(file.size, bytes.length);

answer = await fetch(file.url);
assert.equal(answer.status, 200);
assert.ok(bytes.equals(Buffer.from(await answer.arrayBuffer())));

answer = await fetch(api + "/uploads", { headers });
const { uploads } = await answer.json();
assert.deepEqual(uploads.find((upload) => upload.id === file.id), file);

answer = await fetch(`${api}/upload/${file.id}`, { method: "DELETE", headers });
assert.deepEqual(await answer.json(), { id: file.id, deleted: true });
answer = await fetch(file.url);
assert.equal(answer.status, 404);
await answer.text();
console.log("OK");
