import { fastify } from 'fastify'

const app = fastify()
// The body has been parsed when the handler runs.
app.post('/v1/topics/:topic', async (_request, reply) => reply.code(202).send())
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
