/** What can be on a roster. It keeps its place itself, and is on one at a time. */
export interface Member {
  /** Of the roster; -1 at first. */
  place: number
}

/** A set of objects that come and go all the time: neither hashes nor leaves garbage, as a Set does, which is made anew again and again. */
export class Roster<T extends Member> {
  private readonly members: T[] = []

  get size(): number {
    return this.members.length
  }

  add(member: T): void {
    member.place = this.members.length
    this.members.push(member)
  }

  /** @returns whether it was there */
  delete(member: T): boolean {
    const { members } = this
    const { place } = member
    if (members[place] !== member) return false
    const last = members.pop() as T
    if (last !== member) {
      members[place] = last
      last.place = place
    }
    member.place = -1
    return true
  }

  /** Visits all, in no order that means anything. Who is visited may leave. */
  each(visit: (member: T) => void): void {
    for (let i = this.members.length - 1; i >= 0; i--) if (i < this.members.length) visit(this.members[i])
  }
}
