import { describeApi } from '../../functions/openapi/document.ts'

/** Prints the OpenAPI document that `GET /openapi.json` answers. */
process.stdout.write(`${JSON.stringify(describeApi(), null, 2)}\n`)
