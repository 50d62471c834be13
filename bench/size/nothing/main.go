// Command nothing is the smallest program, to weigh ask against.
package main

func main() {}
