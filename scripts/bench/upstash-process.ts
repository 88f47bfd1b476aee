import { startUpstash } from '../local/upstash/start-upstash.ts'

// Upstash's protocol servers for several Redises in one process, so that none of them runs code that is warmer than the others'.
// Takes the token and the URLs of the Redises, says the servers' URLs in the same order.
const [token = '', ...redisUrls] = process.argv.slice(2)
const servers = await Promise.all(redisUrls.map((redisUrl) => startUpstash({ redisUrl, token })))
process.once('disconnect', () => process.exit(0))
console.log(JSON.stringify({ urls: servers.map(({ url }) => url) }))
