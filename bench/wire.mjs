import { connect, createServer } from 'node:net';

/**
 * A relay in front of PostgreSQL that counts what a client sends: statements executed, answers asked for (each is a system call on both
 * sides) and round trips, which are changes of direction.
 */
export async function countingRelay({ host, port }) {
  const counts = { statements: 0, answers: 0, roundTrips: 0 };
  const server = createServer((client) => {
    const database = connect({ host, port });
    let isAsking = false;
    let pending = Buffer.alloc(0);
    let isStarted = false;
    client.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        const typed = isStarted ? 1 : 0; // the first message has no type
        if (pending.length < typed + 4) break;
        const length = typed + pending.readUInt32BE(typed);
        if (pending.length < length) break;
        const type = isStarted ? String.fromCharCode(pending[0]) : 'startup';
        isStarted = true;
        pending = pending.subarray(length);
        if (type === 'E' || type === 'Q') counts.statements++;
        if (type === 'S' || type === 'Q') counts.answers++;
      }
      if (!isAsking) counts.roundTrips++;
      isAsking = true;
      database.write(chunk);
    });
    database.on('data', (chunk) => {
      isAsking = false;
      client.write(chunk);
    });
    for (const [one, other] of [[client, database], [database, client]]) one.on('error', () => other.destroy()).on('close', () => other.destroy()); // prettier-ignore
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, counts, close: () => server.close() };
}
