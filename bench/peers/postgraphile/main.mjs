// PostGraphile as its guides have it: the amber preset in its own node server; the token verified in the context, its claims entered as settings,
// row security of the database does the rest.
import { createServer } from 'node:http';
import jwt from 'jsonwebtoken';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';

const { PEER_DATABASE, PEER_SECRET, PORT } = process.env;

const pgl = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: PEER_DATABASE, schemas: ['public'], poolConfig: { max: 10 } })],
  disablePlugins: ['PgIndexBehaviorsPlugin'], // it lets only first columns of indexes be ordered by, and those are the company's here
  gather: { installWatchFixtures: false },
  grafserv: { watch: false, graphqlOverGET: true, graphiql: false },
  grafast: {
    explain: false,
    context({ node }) {
      const { sub, cid } = jwt.verify(node.req.headers.authorization.slice('Bearer '.length), PEER_SECRET, { algorithms: ['HS256'] });
      return { pgSettings: { role: 'ncy8_application', 'app.company_id': cid, 'app.user_id': sub } };
    },
  },
});

const server = createServer();
await pgl.createServ(grafserv).addTo(server);
server.listen(Number(PORT), '127.0.0.1');
