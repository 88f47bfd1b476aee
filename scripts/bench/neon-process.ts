import { startNeon } from '../local/neon/start-neon.ts'

// Neon's protocol server as a process of its own, so that it does not share a core's event loop with the callers.
// Takes the URL of Postgres, prints one line of JSON when it listens, and ends with its parent.
const server = await startNeon({ postgresUrl: process.argv[2] ?? '' })
process.once('disconnect', () => process.exit(0))
console.log(JSON.stringify({ httpEndpoint: server.httpEndpoint, wsProxy: server.wsProxy }))
