/** Runs a statement on the database that is looked at. */
export type Ask = <T>(text: string) => Promise<T[]>;

export interface Column {
  name: string;
  type: string;
  required: boolean;
  /** Default, or how it is generated. */
  value: string | null;
}

export interface Constraint {
  name: string;
  kind: 'primary key' | 'unique' | 'foreign key' | 'check' | 'exclusion' | 'trigger';
  /** Null stands for an expression. */
  columns: (string | null)[];
  deferrable: boolean;
  references: { table: string; columns: string[]; onDelete: string; onUpdate: string } | null;
  definition: string;
}

export interface Index {
  name: string;
  unique: boolean;
  columns: (string | null)[];
  definition: string;
}

export interface Policy {
  name: string;
  command: string;
  permissive: boolean;
  roles: string[];
  using: string | null;
  check: string | null;
}

export interface Table {
  name: string;
  /** Lost with the server's crash, and not in a standby. */
  unlogged: boolean;
  rowSecurity: 'off' | 'enabled' | 'forced';
  columns: Column[];
  constraints: Constraint[];
  /** Those of constraints too. */
  indexes: Index[];
  policies: Policy[];
  triggers: string[];
  /** Role and privilege; the owner's own are not told. */
  grants: string[];
}

export interface Catalogue {
  extensions: string[];
  /** `runsAs`: the role whose rights it has, where those are not the caller's. */
  functions: { name: string; definition: string; runsAs: string | null; grants: string[] }[];
  tables: Table[];
  /** Views and foreign tables, and whatever has rows in another schema. */
  elsewhere: string[];
}

/** The owner has another name in every installation. */
const GRANTEE = `CASE WHEN r.oid = (SELECT datdba FROM pg_database WHERE datname = current_database()) THEN 'the owner' ELSE coalesce(r.rolname, 'PUBLIC') END`;

/** What belongs to an extension is none of ours. */
const ours = (kind: 'pg_class' | 'pg_proc', id: string) =>
  `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${kind}'::regclass AND d.objid = ${id} AND d.deptype = 'e')`;

const names = (keys: string, table: string) =>
  `(SELECT coalesce(json_agg(a.attname ORDER BY k.place), '[]') FROM unnest(${keys}) WITH ORDINALITY k(number, place)
    LEFT JOIN pg_attribute a ON a.attrelid = ${table} AND a.attnum = k.number AND a.attnum > 0)`;

const actions = (column: string) =>
  `CASE ${column} WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END`;

const granted = (acl: string, owner: string) =>
  `SELECT format('%s %s', ${GRANTEE}, string_agg(p.privilege_type, ', ' ORDER BY p.privilege_type)) AS line
   FROM aclexplode(${acl}) p LEFT JOIN pg_roles r ON r.oid = p.grantee WHERE p.grantee <> ${owner} GROUP BY r.oid, r.rolname`;

const TABLES = `
  SELECT t.relname AS name, t.relpersistence <> 'p' AS unlogged,
    CASE WHEN t.relforcerowsecurity AND t.relrowsecurity THEN 'forced' WHEN t.relrowsecurity THEN 'enabled' ELSE 'off' END AS "rowSecurity",
    (SELECT json_agg(json_build_object(
       'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
       'value', CASE WHEN a.attgenerated <> '' THEN 'generated ' ELSE '' END || pg_get_expr(d.adbin, d.adrelid)
     ) ORDER BY a.attnum)
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    (SELECT coalesce(json_agg(json_build_object(
       'name', c.conname,
       'kind', CASE c.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check'
                              WHEN 'x' THEN 'exclusion' ELSE 'trigger' END,
       'columns', ${names('c.conkey', 't.oid')}, 'deferrable', c.condeferrable, 'definition', pg_get_constraintdef(c.oid),
       'references', CASE WHEN c.contype = 'f' THEN json_build_object('table', c.confrelid::regclass::text,
         'columns', ${names('c.confkey', 'c.confrelid')}, 'onDelete', ${actions('c.confdeltype')}, 'onUpdate', ${actions('c.confupdtype')}) END
     ) ORDER BY array_position('{p,u,f,c,x,t}', c.contype::text), c.conname), '[]')
     FROM pg_constraint c WHERE c.conrelid = t.oid AND c.contype <> 'n') AS constraints,
    (SELECT coalesce(json_agg(json_build_object(
       'name', i.indexrelid::regclass::text, 'unique', i.indisunique, 'columns', ${names('i.indkey::int2[]', 't.oid')}, 'definition', regexp_replace(pg_get_indexdef(i.indexrelid), '\\s+', ' ', 'g')
     ) ORDER BY i.indexrelid::regclass::text), '[]')
     FROM pg_index i WHERE i.indrelid = t.oid) AS indexes,
    (SELECT coalesce(json_agg(json_build_object(
       'name', p.policyname, 'command', p.cmd, 'permissive', p.permissive = 'PERMISSIVE', 'roles', p.roles::text[], 'using', p.qual, 'check', p.with_check
     ) ORDER BY p.policyname), '[]')
     FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = t.relname) AS policies,
    (SELECT coalesce(json_agg(pg_get_triggerdef(g.oid) || CASE g.tgenabled WHEN 'O' THEN '' ELSE ' (not enabled)' END ORDER BY g.tgname), '[]') FROM pg_trigger g WHERE g.tgrelid = t.oid AND NOT g.tgisinternal) AS triggers,
    (SELECT coalesce(json_agg(g.line ORDER BY g.line), '[]') FROM (
       ${granted('t.relacl', 't.relowner')}
       UNION ALL
       SELECT format('%s %s (%s)', ${GRANTEE}, p.privilege_type, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum))
       FROM pg_attribute a, aclexplode(a.attacl) p LEFT JOIN pg_roles r ON r.oid = p.grantee
       WHERE a.attrelid = t.oid GROUP BY r.oid, r.rolname, p.privilege_type
     ) g) AS grants
  FROM pg_class t
  WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND ${ours('pg_class', 't.oid')}
  ORDER BY t.relname`;

const FUNCTIONS = `
  SELECT f.proname AS name, rtrim(pg_get_functiondef(f.oid), E'\\n') AS definition,
    CASE WHEN f.prosecdef THEN f.proowner::regrole::text END AS "runsAs",
    (SELECT coalesce(json_agg(g.line ORDER BY g.line), '[]')
     FROM (${granted(`coalesce(f.proacl, acldefault('f', f.proowner))`, 'f.proowner')}) g) AS grants
  FROM pg_proc f
  WHERE f.pronamespace = 'public'::regnamespace AND ${ours('pg_proc', 'f.oid')}
  ORDER BY f.proname, f.oid::regprocedure::text`;

const ELSEWHERE = `
  SELECT t.oid::regclass::text AS name FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
  WHERE (t.relkind IN ('v', 'm', 'f') OR t.relkind IN ('r', 'p') AND n.nspname <> 'public')
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND ${ours('pg_class', 't.oid')}
  ORDER BY 1`;

/** All that the schema `public` says of itself; alike for two databases that were made alike. */
export async function readCatalogue(ask: Ask): Promise<Catalogue> {
  const elsewhere = await ask<{ name: string }>(ELSEWHERE);
  const extensions = await ask<{ name: string }>(`SELECT extname AS name FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1`);
  return {
    extensions: extensions.map(({ name }) => name),
    functions: await ask(FUNCTIONS),
    tables: await ask(TABLES),
    elsewhere: elsewhere.map(({ name }) => name),
  };
}
