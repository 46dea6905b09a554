//go:build !unix

package main

func dropPrivileges() error { return nil }
