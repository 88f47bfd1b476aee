import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createWebSocketStream, WebSocketServer } from 'ws'

/** Carries bytes between WebSockets and one Postgres, each side read no faster than the other takes. */
export type Relay = {
  /** Answers an upgrade request `/v1?address=host:port` or `/v2?…`; any other address is refused. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Cuts every connection. */
  close(): void
}

export function createRelay(allowed: { host: string; port: number }): Relay {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  return {
    accept(request, socket, head) {
      // a caller that hangs up while it is refused is no error
      socket.on('error', () => {})
      const { pathname, searchParams } = new URL(request.url ?? '/', 'ws://localhost')
      const address = searchParams.get('address')
      const known = pathname === '/v1' || pathname === '/v2'
      if (!known || address !== `${allowed.host}:${allowed.port}`) {
        socket.end(`HTTP/1.1 ${known ? '403 Forbidden' : '404 Not Found'}\r\nConnection: close\r\n\r\n`)
        return
      }
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const client = createWebSocketStream(webSocket)
        const postgres = connect({ ...allowed, noDelay: true })
        // whichever side ends or breaks, the other one ends with it
        pipeline(client, postgres, client).catch(() => {
          client.destroy()
          postgres.destroy()
        })
      })
    },
    close() {
      for (const webSocket of server.clients) webSocket.terminate()
      server.close()
    },
  }
}
