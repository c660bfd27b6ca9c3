import{q as o}from"./chunk-Y6P6JC6G.js";console.log(o);
