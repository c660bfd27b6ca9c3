import { parse } from './document/parsing.js'
console.log(parse)
