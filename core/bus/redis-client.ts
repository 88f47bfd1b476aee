import { Redis, type Requester } from '@upstash/redis'

/** Upstash's client over a connection that is given to it; in that case it takes no options, so they are set here. */
class RedisClient extends Redis {
  constructor(requester: Requester) {
    super(requester)
    // numeric-looking strings must come back as they went in
    this.opts = { automaticDeserialization: false }
  }
}

export function createRedisClient(requester: Requester): Redis {
  return new RedisClient(requester)
}
