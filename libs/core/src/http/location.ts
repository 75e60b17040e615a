import type { FastifyRequest } from 'fastify';

/** The path of a record that was made by this request: below its route, however the request spelled that (`/%61pi/v1/tasks`). */
export function locationOf({ routeOptions, params }: FastifyRequest, id: unknown): string {
  const values = params as Record<string, string>;
  const path = routeOptions.url!.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name]!));
  return `${path}/${String(id)}`;
}
