import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { dataMap } from '#gdpr';
import { routesOf } from '../routes.js';
import { readCatalogue } from './catalogue.js';
import type { Ask } from './catalogue.js';
import { dataMapText } from './data-map.js';
import { permissionsText } from './permissions.js';
import { schemaText } from './schema-text.js';

/** Every generated file of docs/, by its name. */
export async function documents(app: NestFastifyApplication, ask: Ask) {
  return {
    'schema.txt': schemaText(await readCatalogue(ask)),
    'data-map.md': dataMapText(dataMap(app.get(DataSource).entityMetadatas)),
    'permissions.md': permissionsText(routesOf(app)),
    'openapi.json': `${JSON.stringify((await app.inject('/openapi.json')).json(), undefined, 2)}\n`,
  };
}
