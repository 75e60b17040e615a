/** What the specs of libraries ask of the whole application; a library imports nothing of it. */
export { readCatalogue } from '../apps/api/src/generate/catalogue.js';
export type { Column, Table } from '../apps/api/src/generate/catalogue.js';
export { routesOf } from '../apps/api/src/routes.js';
