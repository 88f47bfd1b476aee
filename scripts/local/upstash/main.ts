import { parseArgs } from 'node:util'
import { startUpstash } from './start-upstash.ts'

// The server as a process of its own. Prints one line of JSON, `{"url": …, "port": …}`, when it listens.
//   node scripts/local/upstash/main.ts --redis-url redis://127.0.0.1:6380 --token secret [--port 8079]
// Each may come from the environment instead: LOCAL_UPSTASH_REDIS_URL, LOCAL_UPSTASH_TOKEN, LOCAL_UPSTASH_PORT.
const { values } = parseArgs({
  options: { 'redis-url': { type: 'string' }, token: { type: 'string' }, port: { type: 'string' } },
})
const redisUrl = values['redis-url'] ?? process.env.LOCAL_UPSTASH_REDIS_URL
const token = values.token ?? process.env.LOCAL_UPSTASH_TOKEN
const port = values.port ?? process.env.LOCAL_UPSTASH_PORT
if (redisUrl === undefined || token === undefined) {
  console.error('needs --redis-url and --token (or LOCAL_UPSTASH_REDIS_URL and LOCAL_UPSTASH_TOKEN)')
  process.exit(2)
}

const server = await startUpstash({ redisUrl, token, ...(port === undefined ? {} : { port: Number(port) }) })
const end = () => {
  void server.close().then(() => process.exit(0))
}
process.once('SIGTERM', end)
process.once('SIGINT', end)
// Started with an IPC channel, it ends with its parent.
process.once('disconnect', end)
console.log(JSON.stringify({ url: server.url, port: server.port }))
