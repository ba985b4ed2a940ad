package main

import "os"

// interruptedStatus is the status that shells report for an interrupted program.
const interruptedStatus = 130

// die exits with the status of an interrupted program.
func die(os.Signal) { os.Exit(interruptedStatus) }
