import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { clock } from '#core';
import { BUILT } from '../built.js';
import { firstWeekPage } from './first-week-page.js';
import { problemsPage } from './problems-page.js';
import { referencePage } from './reference-page.js';
import { ICON, STYLE } from './style.js';

const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const SWAGGER_UI_FILES = new Set(['/swagger-ui.css', '/swagger-ui-bundle.js']);

/** Modules of the build that run in the browser as they are, under their own paths, so that their imports hold. */
const FOR_BROWSERS = /^\/(apps\/api\/src\/docs\/assets|packages\/client\/src)\/[\w-]+\.js$/;

/** `/openapi.json` and the pages: the reference, the guided first week, the problems. All from this server, under its Content-Security-Policy. */
export async function setUpDocs(app: NestFastifyApplication): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const serve = (path: string, type: string, text: (origin: string) => string | Promise<string>): void =>
    void fastify.get(path, async (request, reply) => reply.type(type).send(await text(`${request.protocol}://${request.host}`)));
  const files = (prefix: string, root: string, allowed: (path: string) => boolean) =>
    fastify.register(fastifyStatic, { prefix, root, allowedPath: allowed, decorateReply: false, index: false });

  let made: string | undefined;
  const document = async () => (made ??= await documentOf(app)); // when the first one asks: an eighth of the start
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

async function documentOf(app: NestFastifyApplication): Promise<string> {
  const { openApiDocument } = await import('./openapi.js');
  return JSON.stringify(openApiDocument(app));
}

const HTML = 'text/html; charset=utf-8';
