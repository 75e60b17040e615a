import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { clock } from '#core';
import { firstWeekPage } from './first-week-page.js';
import { openApiDocument } from './openapi.js';
import { problemsPage } from './problems-page.js';
import { referencePage } from './reference-page.js';
import { ICON, STYLE } from './style.js';

const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const SWAGGER_UI_FILES = new Set(['/swagger-ui.css', '/swagger-ui-bundle.js']);

/** The build: its modules run in the browser as they are, under their own paths, so that their imports hold. */
const BUILT = join(import.meta.dirname, '../../../..');
const FOR_BROWSERS = /^\/(apps\/api\/src\/docs\/assets|packages\/client\/src)\/[\w-]+\.js$/;

/** `/openapi.json` and the pages: the reference, the guided first week, the problems. All from this server, under its Content-Security-Policy. */
export async function setUpDocs(app: NestFastifyApplication): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const serve = (path: string, type: string, text: (origin: string) => string): void =>
    void fastify.get(path, (request, reply) => void reply.type(type).send(text(`${request.protocol}://${request.host}`)));
  const files = (prefix: string, root: string, allowed: (path: string) => boolean) =>
    fastify.register(fastifyStatic, { prefix, root, allowedPath: allowed, decorateReply: false, index: false });

  let made: string | undefined;
  const document = () => (made ??= JSON.stringify(openApiDocument(app))); // when the first one asks: an eighth of the start
  const [reference, problems] = [referencePage(), problemsPage()];
  serve('/openapi.json', 'application/json; charset=utf-8', document);
  serve('/docs', HTML, () => reference);
  fastify.get('/docs/', (_request, reply) => void reply.redirect('/docs', 301));
  serve('/docs/first-week', HTML, (origin) => firstWeekPage(origin, clock.now()));
  serve('/docs/problems', HTML, () => problems);
  serve('/docs/style.css', 'text/css; charset=utf-8', () => STYLE);
  serve('/docs/icon.svg', 'image/svg+xml', () => ICON);
  await files('/docs/swagger-ui/', SWAGGER_UI, (path) => SWAGGER_UI_FILES.has(path));
  await files('/docs/built/', BUILT, (path) => FOR_BROWSERS.test(path));
}

const HTML = 'text/html; charset=utf-8';
