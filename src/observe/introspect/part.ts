import type { Part, ThreadContext } from '../thread/part.js'
import type { Route } from '../thread/routes.js'
import { ConnectionsPage } from './connections-page.js'
import { RoutingPage } from './routing-page.js'

/** Introspection on the admin port. It asks the routing thread when somebody asks, and never by itself. */
export class IntrospectPart implements Part {
  readonly routes: readonly Route[]

  constructor(context: ThreadContext) {
    this.routes = [...new ConnectionsPage(context).routes, ...new RoutingPage(context).routes]
  }

  tick(): void {}
}
