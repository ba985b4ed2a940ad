package main

import "os"

// interruptedStatus is what shells make of a program that an interrupt ended.
const interruptedStatus = 130

// die ends the program as interrupted.
func die(os.Signal) { os.Exit(interruptedStatus) }
