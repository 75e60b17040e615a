// The first half of `npm run client`: writes src/schema.ts. A spec holds the file against the same function.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaText } from './schema-text.js';
import type { Document } from './schema-text.js';

const root = join(import.meta.dirname, '../../../..'); // from dist/packages/client/generate
const document = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')) as Document;
const file = 'packages/client/src/schema.ts';
writeFileSync(join(root, file), schemaText(document));
console.log(file);
