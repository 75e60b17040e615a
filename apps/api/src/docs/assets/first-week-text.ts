import type { Seen, Step } from './first-week-steps.js';

const PLACE = /\{\{(\w+)\}\}/g;

const filled = (text: string, seen: Seen): string => text.replace(PLACE, (place, name: string) => seen[name] ?? place);

const shellName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** What a step sends, with all that is known put in. */
export function filledStep({ parameters, query, body, ifMatch }: Step, seen: Seen) {
  const known = <T>(value: T): T => (value === undefined ? value : (JSON.parse(filled(JSON.stringify(value), seen)) as T));
  return { parameters: known(parameters), query: known(query), body: known(body), ifMatch: ifMatch && filled(ifMatch, seen) };
}

/** For a shell; what is not known yet is a variable. */
export function curlText(step: Step, origin: string, seen: Seen): string {
  const { parameters = {}, query, body, ifMatch } = filledStep(step, seen);
  const path = step.path.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? '');
  const search = query
    ? `?${Object.entries(query)
        .map((pair) => pair.join('='))
        .join('&')}`
    : '';
  const token = step.keeps?.[`${step.as}Token`] === undefined ? filled(`{{${step.as}Token}}`, seen) : undefined;
  const lines = [
    `curl ${quoted(`${origin}${path}${search}`)}`,
    ...(step.method === 'post' && !body ? ['-X POST'] : []),
    ...(token ? [`-H ${quoted(`authorization: Bearer ${token}`)}`] : []),
    ...(ifMatch ? [`-H ${quoted(`if-match: "${ifMatch}"`)}`] : []),
    ...(body ? [`-H 'content-type: application/json'`, `-d ${quoted(JSON.stringify(body, undefined, 2))}`] : []),
  ];
  return lines.join(' \\\n  ');
}

const quoted = (text: string): string =>
  `'${text.replaceAll(`'`, `'\\''`).replace(PLACE, (_, name: string) => `'"$${shellName(name)}"'`)}'`;

/** For the typed client: one program over all steps, so that what earlier steps gave are its variables. */
export function clientText(step: Step, seen: Seen): string {
  const kept = new Set(Object.keys(step.keeps ?? {}));
  const { tag = '{{tag}}', password = '{{password}}', monday = '{{monday}}', tuesday = '{{tuesday}}', sunday = '{{sunday}}' } = seen;
  const { parameters, query, body, ifMatch } = filledStep(step, { tag, password, monday, tuesday, sunday });
  const options = {
    ...(parameters && { path: parameters }),
    ...(query && { query }),
    ...(ifMatch && { ifMatch }),
    ...(body && { body }),
  };
  const call = `'${step.path}'${Object.keys(options).length > 0 ? `, ${literal(options)}` : ''}`;
  if (step.client) return step.client.replace('{{call}}', () => call).replace('{{body}}', () => literal(body ?? {}));
  const names = Object.entries(step.keeps ?? {}).map(([name, place]) => (name === place ? name : `${place}: ${name}`));
  return `${kept.size > 0 ? `const { ${names.join(', ')} } = ` : ''}await ${step.as}.${step.method}(${call});`;
}

/** As a person would write it; short ones on one line. */
function literal(value: object): string {
  const text = (space?: number): string =>
    JSON.stringify(value, undefined, space)
      .replace(/\[\s*((?:"\w+",?\s*)+)\]/g, (_, words: string) => `[${words.trim().replace(/\s+/g, ' ')}]`)
      .replace(/"(\w+)":/g, '$1:')
      .replace(/"\{\{(\w+)\}\}"/g, '$1')
      .replace(/"([^"]*)"/g, (_, inner: string) => (/\{\{/.test(inner) ? `\`${inner.replace(PLACE, '${$1}')}\`` : `'${inner}'`));
  const line = text(1).replace(/\n\s*/g, ' ');
  return line.length <= 70 ? line : text(2);
}
