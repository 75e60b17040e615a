// PostGraphile (postgraphile/) with its own token and the row security of our migrations, connected as the application's login.
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { databaseUrl } from './ground.mjs';
import { run, SECRET } from './server.mjs';

const FIELDS = `id: rowId userId timesheetId actionCodeId taskId workMode country startedAt endedAt timezone durationMin day note createdAt updatedAt version`;

const query = (fields) =>
  `{ allTimesheetEntries(first: 50, condition: { deletedAt: null }, orderBy: [DAY_ASC, STARTED_AT_ASC, ROW_ID_ASC]) { nodes { ${fields} } } }`;

const ask = ({ companyId, userId }, fields) => ({
  path: `/graphql?query=${encodeURIComponent(query(fields))}`,
  headers: {
    accept: 'application/json',
    authorization: `Bearer ${jwt.sign({ sub: userId, cid: companyId }, SECRET, { expiresIn: '1h' })}`,
  },
  rows: ({ data }) => data.allTimesheetEntries.nodes,
});

/** @type {import('./main.mjs').Peer} */
export const postGraphile = {
  name: 'PostGraphile 5',
  folder: import.meta.dirname,
  goal: 2,
  async start(ground) {
    const server = await run(join(import.meta.dirname, 'postgraphile/main.mjs'), {
      PEER_DATABASE: databaseUrl(ground.application),
      PEER_SECRET: SECRET,
    });
    return {
      ...server,
      entries: (person) => ask(person, FIELDS),
      withActionCode: (person) => ask(person, `${FIELDS} actionCode: actionCodeByCompanyIdAndActionCodeId { id: rowId code name }`),
    };
  },
};
