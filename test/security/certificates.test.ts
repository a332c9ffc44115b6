import t from 'tap'
import { canonicalSubject, commonNameOf, parseSubject, Subjects } from '../../src/security/certificates.js'

t.test('subjects as RFC 4514 writes them', async (t) => {
  const cases: [text: string, subject: readonly (readonly (readonly [string, string])[])[] | null][] = [
    ['CN=shop-eu,O=Example', [[['CN', 'shop-eu']], [['O', 'Example']]]],
    ['cn = shop-eu , o=Example', [[['CN', 'shop-eu']], [['O', 'Example']]]],
    ['UID=jsmith,DC=example,DC=net', [[['UID', 'jsmith']], [['DC', 'example']], [['DC', 'net']]]],
    [
      'OU=Sales+CN=J.  Smith,DC=net',
      [
        [
          ['OU', 'Sales'],
          ['CN', 'J.  Smith'],
        ],
        [['DC', 'net']],
      ],
    ],
    ['CN=James \\"Jim\\" Smith\\, III,DC=net', [[['CN', 'James "Jim" Smith, III']], [['DC', 'net']]]],
    ['CN=Before\\0dAfter', [[['CN', 'Before\rAfter']]]],
    ['CN=Lu\\C4\\8Di\\C4\\87', [[['CN', 'Lučić']]]],
    ['CN=Lučić', [[['CN', 'Lučić']]]],
    ['CN=\\ a \\ ', [[['CN', ' a  ']]]],
    ['CN=', [[['CN', '']]]],
    ['2.5.4.3=shop', [[['CN', 'shop']]]],
    ['1.3.6.1.4.1.1466.0=x', [[['1.3.6.1.4.1.1466.0', 'x']]]],
    ['', null],
    ['shop', null],
    ['CN', null],
    ['CN=a,', null],
    ['CN=a,,O=b', null],
    ['CN=a\\', null],
    ['CN=a\\x', null],
    ['CN="a"', null],
    ['CN=a;O=b', null],
    ['=a', null],
  ]
  for (const [text, subject] of cases) t.same(parseSubject(text), subject, text)
})

t.test('whose a subject is', async (t) => {
  const subjects = new Subjects<string>()
  subjects.add('CN=shop,O=Example', 'shop')
  subjects.add('CN=bot', 'bot')
  subjects.add('CN=olga+UID=7,O=Example', 'olga')
  t.equal(subjects.find('cn=shop, o=Example'), 'shop')
  t.equal(subjects.find('UID=7+CN=olga,O=Example'), 'olga', 'what stands in one name has no order')
  t.equal(subjects.find('O=Example,CN=shop'), null, 'names have')
  t.equal(subjects.find('CN=shop,O=Example,C=DE'), null)
  t.equal(subjects.find('CN=shop'), null)
  t.equal(subjects.find('CN=SHOP,O=Example'), null, 'values are compared as they are')
  t.equal(subjects.find('CN=bot,O=Anybody'), 'bot')
  t.equal(subjects.find('CN=bot,CN=shop'), null, 'of two common names it cannot be said which')
  t.equal(subjects.find('CN=bot+CN=shop'), null)
  t.equal(subjects.find('CN=shop\\,O=Example'), null, 'an escaped comma is no end')
  t.equal(subjects.find('O=x,CN=bot\\+CN=shop'), null)
  t.equal(subjects.find(''), null)
  t.equal(subjects.find('rubbish'), null)
  t.throws(() => subjects.add('CN=bot', 'shop'), /another user's/)
  t.doesNotThrow(() => subjects.add('CN=bot', 'bot'))
  t.equal(commonNameOf(parseSubject('O=a') ?? []), null)
  t.not(canonicalSubject(parseSubject('CN=a,O=b') ?? []), canonicalSubject(parseSubject('CN=a\\,O=b') ?? []))
})
