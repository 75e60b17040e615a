import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { documents } from './generate/documents.js';

let server: TestServer;
let generated: Record<string, string>;

beforeAll(async () => {
  server = await startTestServer();
  generated = await documents(server.app, (text) => server.sql(text));
});
afterAll(() => server.stop());

it.each(['schema.txt', 'data-map.md', 'permissions.md', 'openapi.json'])('docs/%s is what is generated (else: npm run docs)', (name) => {
  expect(readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8')).toBe(generated[name]);
});
