import { createHash } from 'node:crypto';
import { setImmediate as othersFirst } from 'node:timers/promises';
import { Zip, ZipDeflate } from 'fflate';
import { csvLine } from '#core';
import type { PersonalRow } from './personal-data.repository.js';

/** Bytes that are deflated without letting anybody else run. */
const SLICE = 64 * 1024;

/** The text of one table in pieces; what passed is counted and hashed. */
export class TableText {
  private rows = 0;
  private readonly hash = createHash('sha256');

  /** A JSON array without blanks, as JSON.stringify() makes it. */
  async *json(pages: AsyncIterable<PersonalRow[]>): AsyncGenerator<Buffer> {
    for await (const page of pages) {
      const items = page.map((row) => JSON.stringify(row)).join(',');
      yield this.pass(`${this.rows === 0 ? '[' : ','}${items}`, page.length);
    }
    yield this.pass(this.rows === 0 ? '[]' : ']');
  }

  /** By RFC 4180; what is not told is an empty cell, as null is. */
  async *csv(columns: readonly string[], pages: AsyncIterable<PersonalRow[]>): AsyncGenerator<Buffer> {
    yield this.pass(csvLine(columns));
    for await (const page of pages) {
      yield this.pass(page.map((row) => csvLine(columns.map((column) => row[column]))).join(''), page.length);
    }
  }

  /** Once it is through: how many rows, and the SHA-256 of all the text in hex. */
  seal(): { rows: number; sha256: string } {
    return { rows: this.rows, sha256: this.hash.digest('hex') };
  }

  private pass(text: string, rows = 0): Buffer {
    const bytes = Buffer.from(text);
    this.rows += rows;
    this.hash.update(bytes);
    return bytes;
  }
}

export interface ArchivedFile {
  name: string;
  content: AsyncIterable<Buffer> | Iterable<Buffer>;
}

/** A ZIP of files that are made one after another, while it is read; never more of it in memory than a piece of a file. */
export async function* zipped(files: AsyncIterable<ArchivedFile>, at: Date): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    ready.push(bytes);
  });
  for await (const { name, content } of files) {
    const file = new ZipDeflate(name, { level: 1 }); // a third of the time, for a few per cent more
    file.mtime = at;
    zip.add(file);
    for await (const bytes of content) {
      for (let from = 0; from < bytes.length; from += SLICE) {
        file.push(bytes.subarray(from, from + SLICE));
        yield* ready.splice(0);
        await othersFirst();
      }
    }
    file.push(new Uint8Array(), true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready;
}
