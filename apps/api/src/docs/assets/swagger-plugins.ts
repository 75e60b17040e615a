/** Of Swagger UI's system, what the plug-ins need. */
export interface System {
  React: { createElement(type: unknown, props: object | null, ...children: unknown[]): unknown };
  specSelectors: { specJson(): Kept };
}

/** Swagger UI keeps the document in maps of Immutable.js. */
interface Kept {
  get(name: string): unknown;
  getIn(path: unknown[]): Kept | undefined;
  keys(): Iterable<string>;
}

interface List<Item> extends Iterable<Item> {
  size: number;
  filter(isKept: (item: Item) => boolean): List<Item>;
  map(change: (item: Item) => Item): List<Item>;
}

interface Tagged extends Kept {
  set(name: 'operations', operations: List<Kept>): Tagged;
}

/** Who may call each operation, beside its path. */
export function permissionBadges({ React, specSelectors }: System) {
  return {
    wrapComponents: {
      OperationSummaryPath: (Original: unknown) => (props: { operationProps: Kept }) => {
        const place = ['paths', props.operationProps.get('path'), props.operationProps.get('method')];
        const badges = badgesOf(specSelectors.specJson().getIn(place));
        return React.createElement(
          'span',
          { className: 'path-and-permission' },
          React.createElement(Original, props),
          ...badges.map(([kind, text]) => React.createElement('span', { key: kind, className: `permission ${kind}` }, text)),
        );
      },
    },
  };
}

function badgesOf(operation: Kept | undefined): [kind: string, text: string][] {
  const permission = operation?.get('x-permission');
  if (typeof permission !== 'string') return [];
  const kind = permission === 'public' ? 'open' : permission === 'signed in' ? 'own' : 'needed';
  const text = { open: 'open to all', own: 'signed in', needed: permission }[kind];
  const more = [...((operation?.get('x-permission-for-more') ?? []) as Iterable<string>)].filter((name) => name !== permission);
  return more.length > 0 && kind === 'own'
    ? [
        [kind, text],
        ['more', `more with ${more.join(', ')}`],
      ]
    : [[kind, text]];
}

/** Of refusals the codes in one line, each leading to what it means, instead of an example each. */
export function shortRefusals({ React }: System) {
  const element = (type: string, props: object | null, ...children: unknown[]): unknown => React.createElement(type, props, ...children);
  const link = (code: string): unknown =>
    element('li', { key: code }, element('a', { href: `/docs/problems#${code}` }, element('code', null, code)));
  return {
    wrapComponents: {
      response: (Original: unknown) => (props: { code: string; response: Kept }) => {
        const examples = props.response.getIn(['content', 'application/problem+json', 'examples']);
        if (!/^[45]/.test(props.code) || !examples) return React.createElement(Original, props);
        const codes = element('ul', null, ...[...examples.keys()].map(link));
        return element('tr', { className: 'response refusal' }, element('td', null, props.code), element('td', null, codes));
      },
    },
  };
}

interface FilterProps {
  layoutSelectors: { currentFilter(): string | boolean };
  layoutActions: { updateFilter(phrase: string): void };
}

/** The filter looks at whole operations: method, path, sentences, permissions. As it comes it only knows tags. */
export function filterOperations({ React }: System) {
  const label = 'Filter by path, words or permission';
  return {
    components: {
      FilterContainer: ({ layoutSelectors, layoutActions }: FilterProps) => {
        const phrase = layoutSelectors.currentFilter();
        return React.createElement('input', {
          className: 'operation-filter-input',
          type: 'search',
          placeholder: label,
          'aria-label': label,
          value: typeof phrase === 'string' && phrase !== 'true' ? phrase : '',
          onChange: ({ target }: { target: HTMLInputElement }) => layoutActions.updateFilter(target.value),
        });
      },
    },
    fn: {
      opsFilter: (tagged: List<Tagged>, phrase: string): List<Tagged> => {
        const words = phrase.toLowerCase().split(/\s+/).filter(Boolean);
        return tagged
          .map((tag) =>
            tag.set(
              'operations',
              (tag.get('operations') as List<Kept>).filter((operation) => tells(operation, words)),
            ),
          )
          .filter((tag) => (tag.get('operations') as List<Kept>).size > 0);
      },
    },
  };
}

function tells(item: Kept, words: string[]): boolean {
  const operation = item.get('operation') as Kept;
  const parts = [item.get('method'), item.get('path'), ...['summary', 'description', 'tags'].map((name) => operation.get(name))];
  const text = parts.join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}
