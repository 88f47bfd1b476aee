import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

/** A JSON answer; 200 unless it says otherwise. */
export type Answer = { status?: number; headers?: Record<string, string>; body: object }

/** The answer as API Gateway takes it. */
export function toResult({ status = 200, headers, body }: Answer): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
}
