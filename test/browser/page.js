// Connects to the daemon named in the address, shows the events of `demo.>`, publishes some.
import { connect } from '/sluice.min.js'

const url = new URLSearchParams(location.search).get('daemon')
const status = document.querySelector('#status')
const list = document.querySelector('#events')

function show(text) {
  const item = document.createElement('li')
  item.textContent = text
  list.append(item)
}

const bus = await connect(url, { name: 'page', onStatus: ({ type }) => (status.textContent = type) })
const demo = bus.subscribe('demo.>')
await demo.ready
for (let id = 1; id <= 3; id++) bus.publish('demo.page', { id, text: 'grüß' }, { lane: id })
const { accepted } = await bus.sync()
show(`accepted ${accepted}`)
for await (const event of demo) show(`${event.topic} ${event.lane} ${JSON.stringify(event.value)}`)
